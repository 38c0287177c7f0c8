/** The grid: one stop for Tab, arrows inside of it; and its sizes. */

import { h, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { card } from "./card.js";

const SIZES = { s: 160, m: 320, l: 640 };

export function gridSize() {
  const kept = localStorage.getItem("grid");
  return kept in SIZES ? kept : "m";
}

/** @param {(product: any) => void} open */
export function resultGrid(open) {
  const list = h("ul.grid", { dataset: { size: gridSize() }, "aria-label": t("results"), onkeydown: move, onfocusin: focused });
  let products = [];

  const cards = () => [...list.querySelectorAll(".open")];
  const thumbnail = () => SIZES[gridSize()] * (devicePixelRatio > 1.5 && gridSize() === "s" ? 2 : 1);
  const made = (several) => several.map((product) => card(product, { open, size: thumbnail() }));

  function show(several) {
    products = several;
    replace(list, made(several));
    stop(cards()[0]);
  }

  /** More below; the first of them gets the focus if the button that asked for them had it. */
  function add(several, takeFocus) {
    const first = products.length;
    products = [...products, ...several];
    list.append(...made(several));
    stop(cards()[takeFocus ? first : 0]);
    if (takeFocus) cards()[first]?.focus();
  }

  function resize(size) {
    localStorage.setItem("grid", size);
    list.dataset.size = size;
    show(products);
  }

  /** A product's card, or the first one; false where there is none. */
  function focus(id) {
    const card = id === undefined ? cards()[0] : cards().find((each) => each.parentElement.dataset.id === id);
    card?.focus({ preventScroll: id === undefined });
    return Boolean(card);
  }

  function stop(button) {
    for (const each of list.querySelectorAll("button")) each.tabIndex = button && each.parentElement === button.parentElement ? 0 : -1;
  }

  function focused(event) {
    const item = event.target.closest("li");
    if (item) stop(item.querySelector(".open"));
  }

  function move(event) {
    const all = cards();
    const at = all.findIndex((each) => each.parentElement.contains(event.target));
    const to = target(event.key, at, all);
    if (to === null || at < 0) return;
    event.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    stop(next);
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const find = (id) => products.find((each) => each.id === id);
  return { element: list, show, add, resize, find, focus };
}

function target(key, at, all) {
  const top = (each) => each.parentElement.offsetTop; // a card's own is measured from its place in the grid
  const row = all.filter((each) => top(each) === top(all[0])).length || 1;
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + row, ArrowUp: at - row, Home: 0, End: all.length - 1 };
  return steps[key] ?? null;
}

/** Small, middle or large pictures. */
export function sizeSwitch(resize) {
  return h("div.sizes", { role: "group", "aria-label": t("grid.size") }, Object.keys(SIZES).map((size) => {
    const button = h("button.quiet", {
      type: "button",
      "aria-pressed": String(size === gridSize()),
      "aria-label": t(`grid.${size}`),
      title: t(`grid.${size}`),
      dataset: { size },
      onclick: () => {
        for (const each of button.parentElement.children) each.setAttribute("aria-pressed", String(each === button));
        resize(size);
      },
    }, h("span.dot"));
    return button;
  }));
}
