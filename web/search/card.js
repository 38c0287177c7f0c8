/** One product in the grid. */

import { h, iconButton } from "../lib/dom.js";
import { money, number, t } from "../lib/i18n.js";
import { picture } from "../lib/pictures.js";
import { go } from "../lib/router.js";

const SCORE = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** What a product costs, if it says so in the usual field. */
export function price({ metadata }) {
  return typeof metadata.price === "number" ? money(metadata.price, metadata.currency) : "";
}

export function scoreText(score) {
  return number(score, SCORE);
}

/** A search for what looks like this product. */
export function moreLike(product) {
  scrollTo(0, 0);
  go("search", { like: product.id });
}

/**
 * @param {any} product  as the API gives it, with or without a score
 * @param {{open: (product: any) => void, size: number}} options
 */
export function card(product, { open, size }) {
  const hasScore = product.score !== undefined;
  return h("li.product", { dataset: { id: product.id } },
    h("button.open", { type: "button", onclick: () => open(product) },
      h("span.plate", {}, picture(product.image_url, { size })),
      h("span.name", {}, product.name),
      h("span.facts", {},
        h("span.price.number", {}, price(product)),
        hasScore && h("span.score.number", { title: t("score.title") }, h("span.hidden-label", {}, `${t("score")} `), scoreText(product.score)))),
    iconButton("similar", t("similar", { name: product.name }), { class: "more-like", onclick: () => moreLike(product) }));
}
