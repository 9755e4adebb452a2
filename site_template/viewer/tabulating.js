/** Entry point of the on-demand script for the table of tracks. It is loaded when the table is opened. */

import { TablePanel } from "./panels/table_panel.js";

Object.assign(window, { spotmapTable: TablePanel });
