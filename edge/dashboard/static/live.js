// The page as it is now: a stream of events tells when to fetch its parts anew. Without this script
// the page reloads itself. No words stand here: the server writes them, in the reader's language.
"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live || !window.EventSource) return;
  const lost = document.getElementById("lost");
  const SILENT_MS = 8000;
  const BROKEN_MS = 2500;
  const PAUSE_MS = 400;
  const CALM_MS = 1500;
  let stream, heardAt = Date.now(), fetchedAt = 0, busy = false;
  let shown = {}, wanted = { urgent: "unknown" };

  // What is urgent is fetched at once; the rest, which a small computer has to draw each time, now and then.
  const partsOf = (now) => now ? {
    urgent: JSON.stringify([now.health, now.fault, now.state, now.alarms, now.snoozed_until, now.trouble]),
    rest: JSON.stringify([now.state_since, Math.round(now.confidence * 50), now.speaking]),
  } : { urgent: "away", rest: "" };

  function open() {
    stream = new EventSource(live.dataset.stream);
    stream.onmessage = (event) => hear(JSON.parse(event.data));
    stream.addEventListener("away", () => hear(null));
    stream.onerror = () => setTimeout(() => look(BROKEN_MS), BROKEN_MS);
  }

  function hear(now) {
    heardAt = Date.now();
    lost.hidden = true;
    if (now) showLevel(now.level_dbfs);
    wanted = partsOf(now);
    renew();
  }

  function showLevel(level) {
    const meter = document.getElementById("level");
    if (!meter) return;
    meter.value = Math.max(level, meter.min);
    const text = document.getElementById("level-text");
    const number = String(Math.round(meter.value)).replace("-", "\u2212");
    text.textContent = text.textContent.replace(/[-\u2212]?\d+/, number);
  }

  function isDue() {
    if (wanted.urgent !== shown.urgent) return true;
    return wanted.rest !== shown.rest && Date.now() - fetchedAt > CALM_MS;
  }

  async function renew() {
    if (busy || !isDue()) return;
    busy = true;
    let pauseMs = PAUSE_MS;
    const fetched = wanted;
    try {
      const answer = await fetch(live.dataset.parts);
      if (answer.redirected || answer.status === 401) return location.reload();
      if (answer.ok) {
        put(await answer.text());
        shown = fetched;
        lost.hidden = true;
      } else {
        pauseMs = SILENT_MS;
      }
    } catch {
      lost.hidden = false;
      pauseMs = BROKEN_MS;
    } finally {
      fetchedAt = Date.now();
      setTimeout(() => { busy = false; renew(); }, pauseMs);
    }
  }

  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[id^=part-]")) {
      const old = document.getElementById(part.id);
      if (!old || old.outerHTML === part.outerHTML) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
      const unfolded = Boolean(old.querySelector("details[open]"));
      tell("say", old.dataset.say, part.dataset.say);
      tell("call", old.dataset.call, part.dataset.call);
      if (part.dataset.title) document.title = part.dataset.title;
      old.replaceWith(part);
      if (unfolded) part.querySelector("details")?.setAttribute("open", "");
      if (focused) (document.getElementById(focused) ?? document.getElementById("main")).focus();
    }
  }

  function tell(id, before, after) {
    if (after !== undefined && before !== after) document.getElementById(id).textContent = after;
  }

  // A stream that was refused (too many look on, or nobody is logged in any more) is not tried
  // again by the browser: then the parts are asked for, and the answer tells which it was.
  function look(limitMs) {
    if (Date.now() - heardAt < limitMs) return;
    if (stream.readyState !== EventSource.CLOSED) {
      lost.hidden = false;
      return;
    }
    shown = {};
    renew();
    open();
  }

  setInterval(() => look(SILENT_MS), 2000);

  open();
})();
