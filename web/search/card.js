/** One product in the grid. */

import { h, renderIconButton } from "../lib/dom.js";
import { formatMoney, formatNumber, t } from "../lib/i18n.js";
import { renderPicture } from "../lib/pictures.js";
import { go } from "../lib/router.js";

const SCORE = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** @returns {string} empty if the product has no price */
export function formatPrice({ metadata }) {
  return typeof metadata.price === "number" ? formatMoney(metadata.price, metadata.currency) : "";
}

export function formatScore(score) {
  return formatNumber(score, SCORE);
}

export function searchSimilar(product) {
  scrollTo(0, 0);
  go("search", { like: product.id });
}

/**
 * @param {any} product  as the API returns it, with or without a score
 * @param {{onOpen: (product: any) => void, size: number}} options
 */
export function renderCard(product, { onOpen, size }) {
  const hasScore = product.score !== undefined;
  return h("li.product", { dataset: { id: product.id } },
    h("button.open", { onclick: () => onOpen(product) },
      h("span.plate", renderPicture(product.image_url, { size })),
      h("span.name", product.name),
      h("span.facts", {},
        h("span.price.number", formatPrice(product)),
        hasScore && h("span.score.number", { title: t("score.title") }, h("span.hidden-label", `${t("score")} `), formatScore(product.score)))),
    renderIconButton("similar", t("similar", { name: product.name }), { class: "more-like", onclick: () => searchSimilar(product) }));
}
