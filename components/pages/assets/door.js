// The door: reads codes by the camera where the browser can, and makes a sound for the last ticket.
"use strict";
(() => {
  // Looks for a code so often, in ms: quick for a hand, slow for a battery.
  const LOOK_MS = 150;
  const WANTS_CAMERA = "door-camera";
  const form = document.getElementById("scan");
  const code = document.getElementById("code");
  const camera = document.getElementById("camera");
  const verdict = document.getElementById("verdict");

  // The word is on the screen; sound and touch only say it sooner. A browser may refuse both.
  const tell = (kind) => {
    const isGood = kind === "good";
    try {
      navigator.vibrate?.(isGood ? 80 : [120, 80, 120, 80, 120]);
      const audio = new AudioContext();
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = isGood ? 880 : 220;
      volume.gain.value = 0.3;
      tone.connect(volume).connect(audio.destination);
      tone.start();
      tone.stop(audio.currentTime + (isGood ? 0.15 : 0.6));
    } catch {
      // Silent, then.
    }
  };
  if (verdict && verdict.dataset.sound !== "neutral") tell(verdict.dataset.sound);

  if (!form || !camera || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const button = camera.querySelector("button");
  const status = camera.querySelector("p");
  const video = camera.querySelector("video");
  camera.hidden = false;
  let last = "";
  const look = async (detector) => {
    const [found] = await detector.detect(video).catch(() => []);
    if (found && found.rawValue && found.rawValue !== last) {
      last = found.rawValue;
      code.value = found.rawValue;
      form.requestSubmit();
      return;
    }
    setTimeout(() => look(detector), LOOK_MS);
  };
  const begin = async () => {
    try {
      const wish = { video: { facingMode: "environment" }, audio: false };
      video.srcObject = await navigator.mediaDevices.getUserMedia(wish);
      await video.play();
      sessionStorage.setItem(WANTS_CAMERA, "1");
      button.hidden = true;
      look(new BarcodeDetector({ formats: ["qr_code"] }));
    } catch {
      sessionStorage.removeItem(WANTS_CAMERA);
      status.textContent = camera.dataset.failed;
    }
  };
  button.addEventListener("click", begin);
  // The next ticket is scanned by the same camera. The one that was just scanned is still before
  // it: a moment passes, so that it is not read twice.
  const PAUSE_MS = 1500;
  if (sessionStorage.getItem(WANTS_CAMERA)) setTimeout(begin, verdict ? PAUSE_MS : 0);
})();
