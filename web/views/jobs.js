/** The Jobs view: starts bulk jobs from the container or from a feed, and shows their progress. */

import { call, get, post } from "../lib/api.js";
import { h, renderField, renderIcon, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { renderEmpty, renderError, renderLoading, showError, showNotice } from "../lib/notice.js";
import { linkTo } from "../lib/router.js";
import { isRunning, rememberFileName, renderJobCard, updateJobCard } from "./jobcard.js";

export const title = "nav.jobs";

const POLL_MS = 2_000;
const IDLE_POLL_MS = 15_000;

/** Renders the view, and scrolls to the job that the address names. */
export function render(container, params, signal) {
  const view = new JobsView(signal, params.get("job"));
  replace(container, view.element);
  view.poll();
}

class JobsView {
  constructor(signal, jobInAddress) {
    this.signal = signal;
    this.jobInAddress = jobInAddress;
    this.polls = 0; // numbers the polls, so that an outdated response is ignored
    this.cards = new Map();
    this.list = h("ul.jobs");
    this.content = h("div", renderLoading());
    this.element = h("div.stack.work", { dataset: { view: "jobs" } },
      h("h1", t("nav.jobs")), h("p.muted", t("jobs.text")), h("div.starts", this.renderFolderForm(), this.renderFeedForm()), h("h2", t("jobs.recent")), this.content);
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  renderFolderForm() {
    const prefix = h("input", { type: "text", id: "job-prefix", placeholder: t("jobs.prefix.placeholder"), maxlength: 1024, spellcheck: "false" });
    return h("form.card.stack", { onsubmit: (event) => { event.preventDefault(); this.start({ json: { prefix: prefix.value.trim() } }); } },
      h("h2", t("jobs.container")), h("p.small.muted", t("jobs.container.text")),
      renderField(t("jobs.prefix"), prefix),
      h("div.row", h("button.primary", { type: "submit" }, renderIcon("play"), t("jobs.start")), h("a", { href: linkTo("upload") }, t("jobs.upload_link"))));
  }

  renderFeedForm() {
    const file = h("input", { type: "file", id: "job-feed", accept: ".csv,.tsv,.jsonl,.ndjson,.txt,text/csv", required: true });
    return h("form.card.stack", { onsubmit: (event) => { event.preventDefault(); this.start({ form: buildFeedForm(file.files[0]) }); } },
      h("h2", t("jobs.feed")), h("p.small.muted", t("jobs.feed.text")),
      renderField(t("jobs.feed.file"), file),
      h("div.row", h("button.primary", { type: "submit" }, renderIcon("play"), t("jobs.start"))));
  }

  async start(body) {
    try {
      const job = await (body.form ? call("POST", "index-batch", body) : post("index-batch", body.json));
      if (body.form) rememberFileName(job, body.form.get("file").name);
      showNotice(t("jobs.started"));
      this.show([job, ...this.jobs ?? []]);
      this.poll();
    } catch (error) {
      showError(error);
    }
  }

  async poll() {
    const poll = this.polls += 1;
    try {
      const { jobs } = await get("jobs", {}, { signal: this.signal });
      if (poll === this.polls) this.show(jobs);
    } catch (error) {
      if (this.signal.aborted) return;
      // keep what is shown: one failed poll is no reason to stop
      if (!this.jobs) replace(this.content, renderError(error, () => { replace(this.content, renderLoading()); this.poll(); }));
    }
    if (poll === this.polls && !this.signal.aborted) this.schedulePoll();
  }

  schedulePoll() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), this.jobs?.some(isRunning) ? POLL_MS : IDLE_POLL_MS);
  }

  show(jobs) {
    this.jobs = jobs;
    if (jobs.length === 0) return replace(this.content, renderEmpty(t("jobs.none"), t("jobs.none.text")));
    const oldCards = this.cards;
    this.cards = new Map(jobs.map((job) => [job.id, oldCards.get(job.id) ?? renderJobCard(job, () => this.poll())]));
    for (const job of jobs) if (oldCards.has(job.id)) updateJobCard(this.cards.get(job.id), job, () => this.poll());
    const isSameList = [...oldCards.keys()].join() === [...this.cards.keys()].join();
    if (!isSameList) replace(this.list, ...this.cards.values());
    if (!this.list.isConnected) replace(this.content, this.list);
    this.cards.get(this.jobInAddress)?.scrollIntoView({ block: "center" });
    this.jobInAddress = null;
    return undefined;
  }
}

function buildFeedForm(file) {
  const form = new FormData();
  form.append("file", file, file.name);
  return form;
}
