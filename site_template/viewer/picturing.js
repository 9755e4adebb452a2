/** A script of its own, fetched once somebody saves a picture: nothing of it is needed to show the map. */

import { pictureFile } from "./panels/picture_file.js";

Object.assign(window, { spotmapPicture: pictureFile });
