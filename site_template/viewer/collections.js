/** A script of its own, fetched once somebody searches, or an album or an artist is to be shown. */

import { Collections } from "./panels/collections.js";

Object.assign(window, { spotmapCollections: Collections });
