/** Entry point of the on-demand script for paths and journeys. It is loaded when tracks are compared for one, or for a mix. */

import { orderJourney } from "./data/journey.js";
import { linkBothWays, nearestOnMap } from "./data/paths.js";
import { findRoute, withStop } from "./data/route.js";
import { Transitions } from "./data/transitions.js";

export const JOURNEYS = { findRoute, linkBothWays, nearestOnMap, orderJourney, Transitions, withStop };

Object.assign(window, { spotmapJourneys: JOURNEYS });
