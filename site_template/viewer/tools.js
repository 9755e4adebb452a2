/** Entry point of the on-demand script for these tools. It is loaded when one of them is opened. */

import { Alchemy } from "./panels/alchemy.js";
import { TwoPeople } from "./panels/two_people.js";

Object.assign(window, { spotmapTools: { Alchemy, TwoPeople } });
