// The desk's own script: it reloads the page when something has changed, keeps the place where the editor
// was reading, and opens the letter's links in a new tab. Without it everything can still be read.
"use strict";
const letter = document.querySelector("iframe");
const scroller = () => letter ? letter.contentDocument.scrollingElement : document.querySelector("main");
const place = "place:" + location.search;

function arrive() {
  scroller().scrollTop = Number(sessionStorage.getItem(place));
  if (letter) {
    for (const a of letter.contentDocument.links) a.target = "_blank";
  }
}
if (letter) letter.addEventListener("load", arrive);
if (!letter || letter.contentDocument.URL !== "about:blank" && letter.contentDocument.readyState === "complete") arrive();
addEventListener("pagehide", () => sessionStorage.setItem(place, scroller().scrollTop));

const events = new EventSource("/events?since=" + document.body.dataset.revision);
let lost = false;
events.onmessage = () => location.reload();
events.onerror = () => { lost = true; };
events.onopen = () => { if (lost) location.reload(); };
