/** The Search view: runs the search in the address and shows the results. */

import { get } from "../lib/api.js";
import { h, renderIcon, replace } from "../lib/dom.js";
import { formatNumber, t } from "../lib/i18n.js";
import { callIfSlow, showError, showNotice } from "../lib/notice.js";
import { getRoute, go, linkTo } from "../lib/router.js";
import { buildSearchKey, editCopy } from "../search/address.js";
import { buildRequest, runSearch } from "../search/request.js";
import { createComposer } from "../search/composer.js";
import { openDetails } from "../search/details.js";
import { createFilterPanel, loadFacets, renderFilterChips } from "../search/filters.js";
import { createResultGrid, renderSizeSwitch } from "../search/results.js";
import { renderFailure, renderMessages, renderNoResults, renderSkeleton, renderWeakMatches } from "../search/resultstates.js";
import { createSortSelect } from "../search/sorting.js";

export const title = "nav.search";

const goTo = (params) => go("search", params);

/** @type {SearchView | null} */
let search = null;

export function render(container, params, signal) {
  search = new SearchView(params, signal);
  replace(container, search.element);
  search.update(params);
}

export function update(params) {
  search?.update(params);
}

class SearchView {
  constructor(params, signal) {
    this.signal = signal;
    this.searchKey = null; // identifies the search that is shown
    this.abortController = new AbortController();
    this.page = null;
    this.count = 0;
    this.panel = null; // the dialog of the open product
    this.composer = createComposer(params, signal);
    this.filters = createFilterPanel(goTo);
    this.grid = createResultGrid((product) => this.openFromGrid(product));
    this.sort = createSortSelect(goTo);
    this.chips = h("div.row.chips");
    this.status = h("p.status-text", { role: "status" });
    this.messages = h("div.stack");
    this.body = h("div.result-area", { tabindex: -1 });
    this.weakMatches = h("p.weak-matches");
    this.more = h("button.more", { onclick: () => this.loadMore() }, t("more"));
    this.save = h("a.button.quiet", { href: linkTo("saved", { save: "1" }) }, renderIcon("saved"), h("span", t("search.save")));
    const tools = h("div.tools", this.status, this.save, this.sort.element, renderSizeSwitch((size) => this.grid.resize(size)));
    this.element = h("div", h("h1.hidden-label", t("nav.search")), this.composer.element,
      h("div.columns", this.filters.element, h("section.results", { "aria-label": t("results") }, tools, this.chips, this.messages, this.body)));
    signal.addEventListener("abort", () => { this.abortController.abort(); this.panel?.remove(); });
  }

  update(params) {
    sessionStorage.setItem("search", params.toString());
    if (buildSearchKey(params) !== this.searchKey) this.run(params);
    this.showItem(params);
  }

  async run(params) {
    this.searchKey = buildSearchKey(params);
    document.title = [params.get("q") || params.get("name") || t(title), t("app.name")].join(" · ");
    this.abortController.abort();
    this.abortController = new AbortController();
    const { signal } = this.abortController;
    this.composer.update(params);
    this.element.classList.toggle("saved", params.has("saved"));
    this.save.hidden = buildRequest(params) === null;
    replace(this.chips, renderSavedName(params), renderFilterChips(params, goTo));
    this.setBusy(true);
    performance.mark("search-started");
    this.updateFacets(params, signal);
    try {
      this.show(await runSearch(params, { signal }), params);
    } catch (error) {
      if (!signal.aborted) this.showFailure(error, params);
    }
  }

  setBusy(isBusy) {
    this.body.setAttribute("aria-busy", String(isBusy));
    if (!isBusy) return;
    this.status.textContent = t("loading");
    callIfSlow(() => { this.status.textContent = t("loading.slow"); }, this.abortController.signal, () => this.body.getAttribute("aria-busy") === "true");
    if (this.count === 0) replace(this.body, renderSkeleton());
  }

  show(page, params) {
    performance.mark("response-received", { detail: { api_ms: page.took_ms } });
    this.page = page;
    this.count = page.results.length;
    const hadFocus = this.body.contains(document.activeElement);
    this.setBusy(false);
    replace(this.messages, renderMessages(page, () => this.run(params)));
    if (this.count === 0) replace(this.body, renderNoResults(params));
    else {
      this.grid.show(page.results);
      replace(this.body, this.grid.element, this.more, this.weakMatches);
    }
    if (hadFocus && !this.grid.focus()) this.body.focus({ preventScroll: true });
    this.showSummary();
    requestAnimationFrame(() => setTimeout(() => performance.mark("results-painted")));
  }

  showSummary() {
    this.more.hidden = !this.page.hasMore;
    replace(this.weakMatches, !this.page.hasMore && renderWeakMatches(getRoute().params));
    const key = this.page.isListing ? "summary.products" : "summary.matches";
    const parts = [this.count > 0 && t(this.page.hasMore ? `${key}.more` : key, { count: this.count })];
    if (this.page.took_ms !== null) parts.push(t("milliseconds", { ms: formatNumber(Math.max(1, Math.round(this.page.took_ms))) }));
    this.status.textContent = parts.filter(Boolean).join(" · ");
  }

  showFailure(error, params) {
    this.count = 0;
    this.setBusy(false);
    this.status.textContent = "";
    replace(this.messages);
    replace(this.body, renderFailure(error, () => this.run(params)));
  }

  async loadMore() {
    this.more.disabled = true;
    const hadFocus = document.activeElement === this.more;
    const { signal } = this.abortController;
    try {
      const page = await runSearch(getRoute().params, { cursor: this.page.cursor, offset: this.count, signal });
      this.page = page;
      this.count += page.results.length;
      this.grid.add(page.results, hadFocus);
      this.showSummary();
    } catch (error) {
      if (!signal.aborted) showNotice(error.message, { kind: "error", action: { label: t("retry"), run: () => this.loadMore() } });
    }
    this.more.disabled = false;
  }

  async updateFacets(params, signal) {
    try {
      const { facets } = await loadFacets(params, signal);
      this.filters.update(params, facets);
      this.sort.update(params, facets, buildRequest(params) !== null);
    } catch (error) {
      if (!signal.aborted) this.filters.update(params, []); // the search itself reports what is wrong
    }
  }

  openFromGrid(product) {
    this.openedFromGrid = true;
    go("search", editCopy(getRoute().params, (copy) => copy.set("item", product.id)));
  }

  async showItem(params) {
    const id = params.get("item");
    if (this.panel && this.panel.dataset.id !== id) this.closePanel();
    if (!id || this.panel) return;
    try {
      const product = this.grid.find(id) ?? (await get(`products/${encodeURIComponent(id)}`, {}, { signal: this.signal }));
      if (getRoute().params.get("item") !== id || this.panel) return;
      const panel = openDetails(product, { explain: this.page?.explain, onclose: () => this.onPanelClosed(panel) });
      panel.dataset.id = id;
      this.panel = panel;
    } catch (error) {
      if (!this.signal.aborted) showError(error);
    }
  }

  /** Closes the panel because the address changed: Back was pressed. */
  closePanel() {
    const panel = this.panel;
    this.panel = null;
    this.openedFromGrid = false;
    panel.close();
  }

  /** Updates the address after the user closed the panel, unless the address closed it. */
  onPanelClosed(panel) {
    this.grid.focus(panel.dataset.id);
    if (this.panel !== panel) return;
    this.panel = null;
    if (this.openedFromGrid) history.back();
    else go("search", editCopy(getRoute().params, (copy) => copy.delete("item")), { replace: true });
    this.openedFromGrid = false;
  }
}

function renderSavedName(params) {
  return params.has("saved") && h("span.chip", renderIcon("saved"), params.get("name") || t("nav.saved"));
}
