/** Entry point of the on-demand script for albums and artists. It is loaded at the first search, or to open an album or artist. */

import { Collections } from "./panels/collections.js";

Object.assign(window, { spotmapCollections: Collections });
