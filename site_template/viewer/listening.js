/** Entry point of the on-demand script for the listening history. It is loaded when the history is opened, or when points are sized. */

import { heatTrait } from "./data/heat.js";
import { showCoasts } from "./panels/coasts.js";
import { sizeKey } from "./panels/size_key.js";
import { createTasteTrail } from "./panels/taste_trail.js";
import { withSizes } from "./state/sizes.js";

export const LISTENING = { heatTrait, showCoasts, sizeKey, createTasteTrail, withSizes };

Object.assign(window, { spotmapListening: LISTENING });
