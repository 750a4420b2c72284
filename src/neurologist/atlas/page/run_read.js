/* Reads the JSON of `neurologist diagnose RECORD --format json`: nothing of it is trusted, and only known keys are
   looked at. Its numbers that JSON has none for are words: "NaN", "Infinity". */

const RUN_FORMAT = "neurologist-diagnosis";
const RUN_LARGEST = 30e6; // bytes; a run of 300 ops has about 0.2 MB
const RUN_LONGEST = 300; // characters of a name or a line that are shown
const RUN_SAID = 4000; // of a message
// eslint-disable-next-line no-control-regex
const RUN_INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/* What is wrong with a file: `key` and `values` name the words for it. */
class RunError extends Error {
  constructor(key, values = {}) {
    super(key);
    Object.assign(this, { key, values });
  }
}

/* A text without what turns or hides letters, and not longer than is shown. */
function runText(value, most = RUN_LONGEST) {
  if (typeof value !== "string") return "";
  const text = value.slice(0, 2 * most).replace(RUN_INVISIBLE, "�");
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/* A number, or null where none was seen. */
function runNumber(value) {
  if (typeof value === "number") return value;
  return ["NaN", "Infinity", "-Infinity"].includes(value) ? Number(value) : null;
}

function runList(value) {
  return Array.isArray(value) ? value.filter((entry) => entry !== null && typeof entry === "object" && !Array.isArray(entry)) : [];
}

function runOrigin(value) {
  const given = value !== null && typeof value === "object" ? value : {};
  const file = runText(given.file, 10 * RUN_LONGEST).split(/[\\/]/).at(-1);
  const line = runNumber(given.line);
  return { place: file && line !== null ? `${file}:${line}` : file, code: runText(given.code).trim(), module: runText(given.module) };
}

function runBar(bar) {
  const numbers = Object.fromEntries(["rms_in", "rms_out", "decades", "total", "expected"].map((key) => [key, runNumber(bar[key])]));
  const shape = Array.isArray(bar.shape) ? bar.shape.slice(0, 8).map(Number) : [];
  return { label: runText(bar.label) || "?", kind: runText(bar.kind), shape, ...numbers, ...runOrigin(bar.origin) };
}

function runFinding(finding) {
  const symptoms = runList(finding.symptoms).map((one) => ({ rule: runText(one.rule), message: runText(one.message, RUN_SAID), ...runOrigin(one.origin) }));
  const severity = ["error", "warning", "info"].includes(finding.severity) ? finding.severity : "info";
  return { rule: runText(finding.rule), code_of: runText(finding.code), severity, message: runText(finding.message, RUN_SAID), advice: runText(finding.advice, RUN_SAID), symptoms, ...runOrigin(finding.origin) };
}

/* The run in a text, or a RunError. */
function runRead(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    throw new RunError(text.trim() ? "run_no_json" : "run_empty");
  }
  if (data === null || typeof data !== "object" || data.format !== RUN_FORMAT) throw new RunError("run_other");
  if (data.version !== 1) throw new RunError("run_version", { version: ["number", "string"].includes(typeof data.version) ? runText(`${data.version}`, 20) : "–" });
  if (!Array.isArray(data.findings)) throw new RunError("run_incomplete", { key: "findings" });
  const fall = data.waterfall ?? null;
  if (fall !== null && !Array.isArray(fall.bars)) throw new RunError("run_incomplete", { key: "waterfall.bars" });
  const summary = data.summary !== null && typeof data.summary === "object" ? data.summary : {};
  return {
    healthy: data.healthy === true,
    lang: data.language === "zh" ? "zh-CN" : "en",
    findings: runList(data.findings).map(runFinding),
    step: fall === null ? null : runNumber(fall.step),
    bars: fall === null ? [] : runList(fall.bars).map(runBar),
    missing: runList(data.not_measured).map(({ what, why }) => [runText(what), runText(why, RUN_SAID)]),
    summary: {
      status: runText(summary.status), steps: runNumber(summary.steps), samples: runNumber(summary.samples), parameters: runNumber(summary.parameters),
      first: runNumber(summary.loss_first), last: runNumber(summary.loss_last),
      optimizers: (Array.isArray(summary.optimizers) ? summary.optimizers : []).slice(0, 5).map((one) => runText(one)),
    },
  };
}

/* A file or a dropped one, read whole unless it is far larger than any run. */
async function runFile(file) {
  if (file.size > RUN_LARGEST) throw new RunError("run_huge", { size: fmt(file.size / 1e6, 3), most: fmt(RUN_LARGEST / 1e6) });
  const text = await file.text();
  if (text.startsWith("SQLite format 3")) throw new RunError("run_record");
  return runRead(text);
}
