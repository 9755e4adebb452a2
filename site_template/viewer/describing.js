/** Entry point of the on-demand script for descriptions. It is loaded at the first search. */

import { Describer } from "./state/describer.js";

Object.assign(window, { spotmapDescriber: Describer });
