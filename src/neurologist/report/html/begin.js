// All parts are there: begin.
"use strict";
Report.start();
