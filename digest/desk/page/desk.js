// The desk's own script: keys for editing, reloading when something has changed, and keeping the place where the
// editor was. Without it everything can be read and decided, with more clicks.
"use strict";
const page = document.querySelector.bind(document);
const letter = page("iframe"), keys = page("#keys");
const stories = [...document.querySelectorAll(".story")];
const place = "place:" + page("#act [name=edition]").value;
let writing = false, leaving = false;

// Where the editor was: how far down, which story, what was open.
const kept = JSON.parse(sessionStorage.getItem(place) || "{}");
const scrollers = [document.scrollingElement, page(".rundown"), page(".letter")];
let current = page(".story:target") || (kept.story && document.getElementById(kept.story));

for (const id of kept.open || []) page(`[id="${id}"] .why`)?.setAttribute("open", "");
scrollers.forEach((s, i) => { s.scrollTop = (kept.tops || [])[i] || 0; });
if (current) {
  current.focus({ preventScroll: true });
  current.scrollIntoView({ block: "nearest" });
}

function arrive() {
  letter.contentDocument.scrollingElement.scrollTop = kept.letter || 0;
  for (const a of letter.contentDocument.links) a.target = "_blank";
}
if (letter) {
  letter.addEventListener("load", arrive);
  if (letter.contentDocument.URL !== "about:blank" && letter.contentDocument.readyState === "complete") arrive();
}
addEventListener("pagehide", () => sessionStorage.setItem(place, JSON.stringify({
  story: current && current.id,
  open: stories.filter(s => s.querySelector(".why[open]")).map(s => s.id),
  tops: scrollers.map(s => s.scrollTop),
  letter: letter ? letter.contentDocument.scrollingElement.scrollTop : kept.letter,
})));

// What has changed is shown at once, unless that would lose what is being written.
addEventListener("input", e => { writing = writing || e.target.type !== "checkbox"; });
addEventListener("submit", () => { leaving = true; });
const events = new EventSource("/events?since=" + document.body.dataset.revision);
let lost = false;
function reload() {
  if (leaving) return;
  if (writing) page("#stale").hidden = false;
  else location.reload();
}
page("#stale a").addEventListener("click", e => { e.preventDefault(); location.reload(); });
events.onmessage = reload;
events.onerror = () => { lost = true; };
events.onopen = () => { if (lost) reload(); };

// What a spam filter thinks takes a few seconds.
const spam = page("#spam");
if (spam) {
  const told = spam.parentElement, address = spam.href;
  told.textContent = "SpamAssassin is looking at it …";
  told.setAttribute("role", "status");
  fetch(address).then(r => r.text()).then(words => { told.textContent = words; }, () => { told.textContent = "SpamAssassin did not answer."; });
}

// Keys.
function go(step) {
  const at = stories.indexOf(current);
  current = stories[at < 0 ? 0 : Math.min(Math.max(at + step, 0), stories.length - 1)];
  if (!current) return;
  current.focus({ preventScroll: true });
  current.scrollIntoView({ block: "nearest" });
  const url = current.dataset.url;
  if (letter && url) [...letter.contentDocument.links].find(a => a.href === url)?.scrollIntoView({ block: "center" });
}
function press(selector) { current?.querySelector(selector)?.click(); }
function write(selector) {
  const field = current?.querySelector(selector);
  if (!field) return;
  field.closest("details").open = true;
  field.focus();
  if (field.select) field.select();
}
function help() { if (keys.open) keys.close(); else keys.showModal(); }
const acts = {
  j: () => go(1), k: () => go(-1), p: () => press(".pin"), l: () => press(".lead"), x: () => press(".marking input"), o: () => press(".why > summary"),
  d: () => current?.querySelector(".back") ? press(".back") : write(".drop [name=reason]"), m: () => write(".move select"), e: () => write(".title [name=title]"), s: () => write(".summary textarea"),
  u: () => page(".undo")?.click(), "?": help,
};
addEventListener("keydown", e => {
  const field = e.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (e.key === "Enter" && field?.matches("select")) { e.preventDefault(); field.form.requestSubmit(field.form.querySelector("button")); }
  if (e.key === "Escape" && field) { const story = field.closest(".story"); story ? story.focus() : field.blur(); };
  if (field || e.ctrlKey || e.metaKey || e.altKey || keys.open && e.key !== "?") return;
  const act = acts[e.key];
  if (!act) return;
  e.preventDefault();
  act();
});
addEventListener("focusin", e => { current = e.target.closest(".story") || current; });
const button = page(".help");
if (button) {
  button.hidden = false;
  button.addEventListener("click", help);
}
