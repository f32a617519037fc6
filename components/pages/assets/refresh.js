// Looks again after a while, at a page that could not be shown.
"use strict";
const refreshS = Number(document.body.dataset.refreshS);
if (refreshS) setTimeout(() => location.replace(location.href), refreshS * 1000);
