/** A box on the query picture: drawn with the pointer, or moved and sized with the keys. */

import { dialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { WHOLE } from "./embedpicture.js";

const STEP = 0.02;
const LEAST = 0.05; // of the picture: less says nothing
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** @typedef {import("./embedpicture.js").Box} Box */

/** @returns {Promise<Box | null>} the part chosen; null when nothing changes */
export async function chooseBox(file, before) {
  const url = URL.createObjectURL(file);
  const area = new Area(url, before);
  const answer = await dialog({
    title: t("crop.title"),
    body: [h("p.muted", {}, t("crop.text")), area.element],
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

class Area {
  /** @param {Box} box */
  constructor(url, box) {
    this.box = box.w === 1 && box.h === 1 ? { x: 0.2, y: 0.2, w: 0.6, h: 0.6 } : box;
    this.frame = h("div.crop-box", { tabindex: 0, autofocus: true, role: "group", "aria-label": t("crop.label"), "aria-describedby": "crop-says", onkeydown: (event) => this.key(event) });
    this.says = h("p.small.muted.number", { id: "crop-says", role: "status" });
    this.picture = h("div.crop", { onpointerdown: (event) => this.drag(event) }, h("img", { src: url, alt: t("crop.alt"), draggable: "false" }), this.frame);
    this.element = h("div.stack", {}, this.picture, this.says);
    this.show();
  }

  /** From where the pointer went down to where it is. */
  drag(down) {
    down.preventDefault();
    this.frame.focus();
    this.picture.setPointerCapture(down.pointerId);
    const start = this.at(down);
    const moved = (event) => this.set(spanned(start, this.at(event)));
    this.picture.addEventListener("pointermove", moved);
    this.picture.addEventListener("pointerup", () => this.picture.removeEventListener("pointermove", moved), { once: true });
  }

  key(event) {
    if (event.key === "Enter") this.frame.closest("form").requestSubmit();
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const { x, y, w, h: high } = this.box;
    if (event.shiftKey) this.set({ x, y, w: between(w + move[0], LEAST, 1 - x), h: between(high + move[1], LEAST, 1 - y) });
    else this.set({ x: between(x + move[0], 0, 1 - w), y: between(y + move[1], 0, 1 - high), w, h: high });
  }

  at(event) {
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    return { x: between((event.clientX - left) / width, 0, 1), y: between((event.clientY - top) / height, 0, 1) };
  }

  set(box) {
    if (box.w < LEAST || box.h < LEAST) return;
    this.box = box;
    this.show();
  }

  show() {
    const percent = Object.fromEntries(Object.entries(this.box).map(([side, part]) => [side, Math.round(part * 100)]));
    const [left, top, width, height] = [this.box.x, this.box.y, this.box.w, this.box.h].map((part) => `${part * 100}%`);
    Object.assign(this.frame.style, { left, top, width, height });
    this.says.textContent = t("crop.says", percent);
  }
}

function spanned(a, b) {
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x), h: Math.abs(a.y - b.y) };
}

function between(value, low, high) {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
