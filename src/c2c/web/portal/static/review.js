// Answers by keyboard: 1, 2, 3, s, u, ?. Everything here can also be done without this file.
"use strict";
(() => {
  const STORE = "c2c-keys";
  const help = document.getElementById("keys");
  const turn = document.getElementById("keys-switch");
  const doors = { 1: "answer-1", 2: "answer-2", 3: "answer-3", s: "skip-case", u: "undo-last" };
  let answered = false;

  const isOn = () => localStorage.getItem(STORE) !== "off";
  const tell = () => {
    turn.textContent = isOn() ? turn.dataset.off : turn.dataset.on;
  };
  turn.hidden = false;
  tell();
  turn.addEventListener("click", () => {
    localStorage.setItem(STORE, isOn() ? "off" : "on");
    tell();
  });

  document.addEventListener("keydown", (press) => {
    const inBox = press.target instanceof Element && press.target.closest("input, select, textarea");
    if (!isOn() || inBox || press.ctrlKey || press.metaKey || press.altKey || press.repeat) return;
    if (press.key === "?") {
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
      return;
    }
    const door = document.getElementById(doors[press.key.toLowerCase()] || "");
    // One press, one answer: a second while the next case is on its way is not taken for that one.
    if (!door || answered) return;
    answered = true;
    press.preventDefault();
    door.click();
  });
})();
