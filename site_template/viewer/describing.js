/** A script of its own, fetched once somebody searches: nothing of it is needed to show the map. */

import { Describer } from "./state/describer.js";

Object.assign(window, { spotmapDescriber: Describer });
