// Counts down while seats are held, and looks again when the time is over or a payment is awaited.
"use strict";
(() => {
  const SOON_MS = 2 * 60 * 1000;
  const countdown = document.getElementById("countdown");
  const spoken = document.getElementById("spoken");
  const refreshS = Number(document.body.dataset.refreshS);
  const again = () => location.replace(location.href);
  if (refreshS) setTimeout(again, refreshS * 1000);
  if (!countdown) return;

  // What the server's clock says counts, from the moment at which the page came.
  const endsIn = Number(countdown.dataset.endsMs) - Number(countdown.dataset.nowMs);
  const ends = performance.now() + endsIn;
  let isWarned = false;
  const two = (number) => String(number).padStart(2, "0");
  const tick = () => {
    const leftMs = ends - performance.now();
    if (leftMs <= 0) {
      countdown.textContent = countdown.dataset.over;
      spoken.textContent = countdown.dataset.over;
      return;
    }
    const seconds = Math.ceil(leftMs / 1000);
    const time = `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
    countdown.textContent = countdown.dataset.left.replace("{time}", time);
    countdown.classList.toggle("soon", leftMs < SOON_MS);
    if (leftMs < SOON_MS && !isWarned) {
      isWarned = true;
      spoken.textContent = countdown.dataset.soon;
    }
    setTimeout(tick, leftMs % 1000 || 1000);
  };
  tick();
})();
