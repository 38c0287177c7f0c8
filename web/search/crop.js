/** A box on the query picture, drawn with the pointer, or moved and resized with the keyboard. */

import { openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { WHOLE } from "./embedpicture.js";

const STEP = 0.02;
const MIN_SIDE = 0.05; // of the picture; less is too little to search with
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** @typedef {import("./embedpicture.js").Box} Box */

/** @returns {Promise<Box | null>} the chosen part, or null to change nothing */
export async function chooseBox(file, initialBox) {
  const url = URL.createObjectURL(file);
  const area = new CropArea(url, initialBox);
  const answer = await openDialog({
    title: t("crop.title"),
    body: [h("p.muted", t("crop.text")), area.element],
    actions: [
      { label: t("crop.whole"), value: "whole" },
      { label: t("cancel"), value: null },
      { label: t("crop.use"), value: "part", primary: true },
    ],
  });
  URL.revokeObjectURL(url);
  if (answer === "whole") return WHOLE;
  return answer === "part" ? area.box : null;
}

class CropArea {
  /** @param {Box} box */
  constructor(url, box) {
    this.box = box.w === 1 && box.h === 1 ? { x: 0.2, y: 0.2, w: 0.6, h: 0.6 } : box;
    this.frame = h("div.crop-box", { tabindex: 0, autofocus: true, role: "group", "aria-label": t("crop.label"), "aria-describedby": "crop-status", onkeydown: (event) => this.onKey(event) });
    this.status = h("p.small.muted.number", { id: "crop-status", role: "status" });
    this.picture = h("div.crop", { onpointerdown: (event) => this.drag(event) }, h("img", { src: url, alt: t("crop.alt"), draggable: "false" }), this.frame);
    this.element = h("div.stack", this.picture, this.status);
    this.render();
  }

  /** Draws a box from where the pointer went down to where it is now. */
  drag(down) {
    down.preventDefault();
    this.frame.focus();
    this.picture.setPointerCapture(down.pointerId);
    const start = this.toPosition(down);
    const onMove = (event) => this.setBox(spanBox(start, this.toPosition(event)));
    this.picture.addEventListener("pointermove", onMove);
    this.picture.addEventListener("pointerup", () => this.picture.removeEventListener("pointermove", onMove), { once: true });
  }

  onKey(event) {
    if (event.key === "Enter") this.frame.closest("form").requestSubmit();
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const { x, y, w, h: height } = this.box;
    if (event.shiftKey) this.setBox({ x, y, w: clamp(w + move[0], MIN_SIDE, 1 - x), h: clamp(height + move[1], MIN_SIDE, 1 - y) });
    else this.setBox({ x: clamp(x + move[0], 0, 1 - w), y: clamp(y + move[1], 0, 1 - height), w, h: height });
  }

  toPosition(event) {
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    return { x: clamp((event.clientX - left) / width, 0, 1), y: clamp((event.clientY - top) / height, 0, 1) };
  }

  setBox(box) {
    if (box.w < MIN_SIDE || box.h < MIN_SIDE) return;
    this.box = box;
    this.render();
  }

  render() {
    const percent = Object.fromEntries(Object.entries(this.box).map(([side, fraction]) => [side, Math.round(fraction * 100)]));
    const [left, top, width, height] = [this.box.x, this.box.y, this.box.w, this.box.h].map((fraction) => `${fraction * 100}%`);
    Object.assign(this.frame.style, { left, top, width, height });
    this.status.textContent = t("crop.status", percent);
  }
}

function spanBox(a, b) {
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x), h: Math.abs(a.y - b.y) };
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
