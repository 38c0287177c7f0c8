/** The result grid: one tab stop, arrow keys inside it, and three sizes. */

import { h, pressOnly, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { renderCard } from "./card.js";

const SIZES = { s: 160, m: 320, l: 640 };

export function getGridSize() {
  const stored = localStorage.getItem("grid");
  return stored in SIZES ? stored : "m";
}

export function createResultGrid(onOpen) {
  const list = h("ul.grid", { dataset: { size: getGridSize() }, "aria-label": t("results"), onkeydown: onKey, onfocusin: onFocus });
  let products = [];

  const getCards = () => [...list.querySelectorAll(".open")];
  const getThumbnailSize = () => SIZES[getGridSize()] * (devicePixelRatio > 1.5 && getGridSize() === "s" ? 2 : 1);
  const renderCards = (newProducts) => newProducts.map((product) => renderCard(product, { onOpen, size: getThumbnailSize() }));

  function show(newProducts) {
    products = newProducts;
    replace(list, renderCards(newProducts));
    setTabStop(getCards()[0]);
  }

  /** Appends products; the first new one takes the focus if the button that loaded them had it. */
  function add(newProducts, takeFocus) {
    const first = products.length;
    products = [...products, ...newProducts];
    list.append(...renderCards(newProducts));
    setTabStop(getCards()[takeFocus ? first : 0]);
    if (takeFocus) getCards()[first]?.focus();
  }

  function resize(size) {
    localStorage.setItem("grid", size);
    list.dataset.size = size;
    show(products);
  }

  /** Focuses a product's card, or the first one. Returns false if there is none. */
  function focus(id) {
    const card = id === undefined ? getCards()[0] : getCards().find((button) => button.parentElement.dataset.id === id);
    card?.focus({ preventScroll: id === undefined });
    return Boolean(card);
  }

  function setTabStop(button) {
    for (const other of list.querySelectorAll("button")) other.tabIndex = button && other.parentElement === button.parentElement ? 0 : -1;
  }

  function onFocus(event) {
    const item = event.target.closest("li");
    if (item) setTabStop(item.querySelector(".open"));
  }

  function onKey(event) {
    const cards = getCards();
    const index = cards.findIndex((card) => card.parentElement.contains(event.target));
    const nextIndex = findTarget(event.key, index, cards);
    if (nextIndex === null || index < 0) return;
    event.preventDefault();
    const next = cards[Math.min(Math.max(nextIndex, 0), cards.length - 1)];
    setTabStop(next);
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const findProduct = (id) => products.find((product) => product.id === id);
  return { element: list, show, add, resize, find: findProduct, focus };
}

function findTarget(key, index, cards) {
  const getTop = (card) => card.parentElement.offsetTop; // of the list item: the button's own is relative to it
  const perRow = cards.filter((card) => getTop(card) === getTop(cards[0])).length || 1;
  const targets = { ArrowRight: index + 1, ArrowLeft: index - 1, ArrowDown: index + perRow, ArrowUp: index - perRow, Home: 0, End: cards.length - 1 };
  return targets[key] ?? null;
}

export function renderSizeSwitch(resize) {
  return h("div.sizes", { role: "group", "aria-label": t("grid.size") }, Object.keys(SIZES).map((size) => {
    const button = h("button.quiet", {
      "aria-pressed": String(size === getGridSize()),
      "aria-label": t(`grid.${size}`),
      title: t(`grid.${size}`),
      dataset: { size },
      onclick: () => { pressOnly(button); resize(size); },
    }, h("span.dot"));
    return button;
  }));
}
