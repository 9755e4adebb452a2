/** A script of its own, fetched once somebody looks at what was listened to, or sizes points: nothing of it is needed to show the map. */

import { heatTrait } from "./data/heat.js";
import { showCoasts } from "./panels/coasts.js";
import { sizeKey } from "./panels/size_key.js";
import { createTasteTrail } from "./panels/taste_trail.js";
import { withSizes } from "./state/sizes.js";

export const LISTENING = { heatTrait, showCoasts, sizeKey, createTasteTrail, withSizes };

Object.assign(window, { spotmapListening: LISTENING });
