"""What Python says of members in English, said in Chinese in the atlas; what stays is names and formulas."""

import json
import re

from neurologist.atlas.build import PARTS

EVERYTHING = """() => {
  speakIn("zh");
  const why = (member) => [...(member.uses ?? []).flat(), ...(member.steps ?? []).map((step) => step[1])];
  const of = (member) => [member.note, member.targets, member.shape, ...why(member)].filter(Boolean);
  return [...new Set(MEMBERS.flatMap(of))].map((text) => [text, inChinese(text)]);
}"""
NAMES = re.compile(r"[a-z]\w*_\w+|softmax|identity|sigmoid|torch|\b[a-z]{1,2}\b|log|exp|class 0")


def test_every_phrase_of_every_card_is_said_in_chinese(atlas, opened):
    page = opened(atlas)
    said = page.evaluate(EVERYTHING)
    left = [text for text, chinese in said if chinese is None and " = (" not in text]  # places of entries, in letters
    assert left == []
    assert all(re.search("[\u4e00-\u9fff]", chinese) for _, chinese in said if chinese)
    english = {text: re.findall(r"[a-z]{3,}", NAMES.sub("", chinese)) for text, chinese in said if chinese}
    words = {word for found in english.values() for word in found}
    members = set(page.evaluate("MEMBERS.map((member) => member.name)"))
    assert words <= members


def test_no_phrase_is_left_over(atlas, opened):
    phrases = json.loads((PARTS / "phrases.zh.json").read_text(encoding="utf-8"))
    page = opened(atlas)
    texts = [text for text, _ in page.evaluate(EVERYTHING)] + ["angle"]
    for phrase in phrases:
        pattern = re.compile(".+".join(map(re.escape, phrase.split("{}"))))
        assert any(pattern.search(text) for text in texts), phrase


def test_a_card_in_chinese_has_numbers_and_names_as_they_are(atlas, opened):
    page = opened(atlas, "#lang=zh&show=activation/sigmoid")
    text = page.locator("#card").inner_text()
    assert "门控：从 0（关）到 1（开）" in text
    assert re.search(r"梯度消失：经过 30 层，梯度乘以 5\.8e-13", text)
    assert "的链接函数" in text
    page.evaluate("change({ show: 'loss/cross_entropy' })")
    text = page.locator("#card").inner_text()
    assert "类别索引，或每个样本一行概率" in text
    page.evaluate("speakIn('en')")
    assert "class indices, or one row of probabilities per sample" in page.locator("#card").inner_text()
