/** Entry point of the on-demand script for saving pictures. It is loaded when a picture is saved. */

import { pictureFile } from "./panels/picture_file.js";

Object.assign(window, { spotmapPicture: pictureFile });
