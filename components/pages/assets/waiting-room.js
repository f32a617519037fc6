// Makes the waiting room livelier where it runs; without it the page refreshes itself.
"use strict";
(() => {
  const element = (id) => document.getElementById(id);
  let isLeaving = false;
  const again = () => {
    if (!isLeaving) location.replace(location.href);
    isLeaving = true;
  };

  // The texts are the server's, in the language of the page; names in braces are filled in here.
  const words = element("words").dataset;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const language = document.documentElement.lang;

  const duration = (seconds) => {
    if (seconds < 60) return words.short;
    const minutes = Math.ceil(seconds / 60);
    if (minutes === 1) return words.minute;
    return minutes < 120
      ? fill(words.minutes, { number: minutes })
      : fill(words.hours, { number: Math.round(minutes / 60) });
  };

  const wait = ({ estimated_wait_s: likely, estimated_wait_range_s: range }) => {
    const [quick, slow] = range ?? [likely, likely];
    const isOpen = typeof likely !== "number" || (slow === null && quick < 60);
    if (isOpen) return words.unknown;
    if (!range) return fill(words.likely, { likely: duration(likely) });
    if (slow === null) return fill(words.open, { quick: duration(quick) });
    return fill(words.range, { quick: duration(quick), slow: duration(slow) });
  };

  const chance = ({ chance_percent: percent }) => {
    if (typeof percent !== "number") return "";
    return percent === 0 ? words.chanceSmall : fill(words.chance, { percent });
  };

  // Read aloud now and then, not at each step.
  const SPEAK_MS = 30000;
  let spokenAt = Date.now();

  // Everybody hears these at the same moment, so they are told without asking the server again.
  const ENDS = {
    sold_out: words.soldOut,
    ended: words.over,
    cancelled: words.cancelled,
  };

  const tellEnd = (section, reason) => {
    const heading = document.createElement("h2");
    heading.textContent = words.ended;
    const text = document.createElement("p");
    text.textContent = `${ENDS[reason]} ${words.nobody}`;
    section.replaceChildren(heading, text);
    element("spoken").textContent = `${words.ended}. ${text.textContent}`;
  };

  const follow = (section) => {
    const pollMs = Number(section.dataset.pollMs) || 20000;
    const source = new EventSource(section.dataset.stream);
    source.addEventListener("place", (event) => {
      const place = JSON.parse(event.data);
      // Anything but a step forward in the line is told by the server's page.
      const isStep = place.status === "waiting" && place.position && element("position");
      if (!isStep) {
        // Places are being drawn, as the page says.
        if (!place.draw) again();
        return;
      }
      element("position").textContent = place.position.toLocaleString(language);
      element("wait").textContent = wait(place);
      element("chance").textContent = chance(place);
      if (element("message")) {
        // A message that was taken back is not there any more.
        element("message").textContent = place.message ?? "";
        element("message").hidden = !place.message;
      }
      if (Date.now() - spokenAt >= SPEAK_MS) {
        spokenAt = Date.now();
        element("spoken").textContent = fill(words.spoken, { position: place.position });
      }
    });
    source.addEventListener("pass", again);
    source.addEventListener("end", (event) => {
      const { reason } = JSON.parse(event.data);
      // A stream that has lived long enough is opened again by the browser.
      if (reason === "deadline") return;
      source.close();
      if (ENDS[reason]) tellEnd(section, reason);
      else again();
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(again, pollMs);
    });
  };

  const BATCH = 512;
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (it) => it.toString(16).padStart(2, "0")).join("");

  const solve = async ({ salt, challenge, maxnumber }) => {
    const encoder = new TextEncoder();
    for (let first = 0; first <= maxnumber; first += BATCH) {
      const numbers = Array.from({ length: BATCH }, (_, index) => first + index);
      const hashes = await Promise.all(
        numbers.map((number) => crypto.subtle.digest("SHA-256", encoder.encode(salt + number))),
      );
      const found = hashes.findIndex((hash) => hex(hash) === challenge);
      if (found >= 0) return first + found;
    }
    return null;
  };

  const prove = async (form) => {
    const challenge = JSON.parse(form.dataset.challenge);
    const number = await solve(challenge);
    if (number === null) throw new Error("no solution");
    const { algorithm, challenge: hash, salt, signature } = challenge;
    form.elements.proof.value = btoa(JSON.stringify({ algorithm, challenge: hash, number, salt, signature }));
    form.submit();
  };

  const form = document.querySelector("form[data-challenge]");
  if (form) {
    prove(form).catch(() => {
      document.querySelector("[role=status]").textContent = words.unsolved;
    });
  }
  const section = document.querySelector("section[data-stream]");
  const refreshS = Number(document.body.dataset.refreshS);
  if (section && section.dataset.stream) follow(section);
  else if (refreshS) setTimeout(again, refreshS * 1000);
})();
