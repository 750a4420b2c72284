/* What Python says of members in English, in the reader's language: phrases with {} for what varies, which may be phrases
   themselves. What nobody has translated stays as it is, and says that it is English. */

const saidPatterns = [];

/* The Chinese for a phrase, or null. */
function inChinese(text) {
  if (Object.hasOwn(PHRASES_IN_CHINESE, text)) return PHRASES_IN_CHINESE[text];
  if (!saidPatterns.length) {
    const varying = Object.keys(PHRASES_IN_CHINESE).filter((key) => key.includes("{}")).sort((a, b) => b.length - a.length);
    const literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    saidPatterns.push(...varying.map((key) => [new RegExp(`^${key.split("{}").map(literal).join("(.+?)")}$`), PHRASES_IN_CHINESE[key]]));
  }
  for (const [pattern, chinese] of saidPatterns) {
    const found = pattern.exec(text);
    if (found) return chinese.split("{}").flatMap((part, i) => (i ? [inChinese(found[i]) ?? inChineseList(found[i]), part] : [part])).join("");
  }
  return null;
}

/* Several phrases in a row, or names as they are. */
function inChineseList(text) {
  const parts = text.split(", ").map((part) => (Object.hasOwn(PHRASES_IN_CHINESE, part) ? PHRASES_IN_CHINESE[part] : null));
  return parts.every(Boolean) ? parts.join("、") : text;
}

function saidText(text) {
  return language === "zh" ? (inChinese(text) ?? text) : text;
}

function said(text) {
  const chinese = language === "zh" ? inChinese(text) : null;
  return h("span", { lang: chinese ? "zh-CN" : "en" }, chinese ?? text);
}

/* Authors, year, title: only what stands for further authors is in the reader's language. */
function sourceOf(member) {
  return language === "zh" ? member.source.replace(/^([^(]*?)(?:,? et al\.| and others)(?= \()/, "$1 等") : member.source;
}
