/** A script of its own, fetched once one of these tools is opened: nothing of it is needed to show the map. */

import { Alchemy } from "./panels/alchemy.js";
import { TwoPeople } from "./panels/two_people.js";

Object.assign(window, { spotmapTools: { Alchemy, TwoPeople } });
