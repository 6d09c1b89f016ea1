// Keeps what the search knows beforehand apart from what it is asked in the test: a line of the situations that carries
// half of the information of a labelled question, or has half of its own in one, is too like it.
const ignored = new Set(
  `a an the i im me my mine we us our you your it its is are was were be been am do does did can could would will should
   have has had how what where when who why which to of in on at for from with without and or but if not no so that this
   these those there here they them he she his her as by up out any some more just now then than too very also into about
   after before again still only all please s t m ll ve re d don doesn didn get got one`.split(/\s+/),
);

/** The situations without the lines that are too like one of the questions, and how many those were. */
export function keptApart(situations, questions) {
  const lines = situations.split('\n');
  const said = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const spread = new Map();
  for (const line of said) for (const word of stemsOf(line)) spread.set(word, (spread.get(word) ?? 0) + 1);
  const information = (words) => words.reduce((sum, word) => sum + Math.log(1 + said.length / ((spread.get(word) ?? 0) + 1)), 0);
  const asked = questions.filter(({ kind }) => kind !== 'off-topic').map(({ question }) => new Set(stemsOf(question)));
  const isLike = (line) => {
    const words = stemsOf(line);
    return asked.some((question) => {
      const both = words.filter((word) => question.has(word));
      if (both.length < 2) return words.length === 1 && question.size === 1 && both.length === 1;
      return information(both) / Math.min(information(words), information([...question])) >= 0.5;
    });
  };
  const kept = lines.filter((line) => line === '' || line.startsWith('#') || !isLike(line));
  return { text: kept.join('\n'), dropped: lines.length - kept.length };
}

function stemsOf(text) {
  const words = (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).filter((word) => !ignored.has(word));
  return [...new Set(words.map((word) => word.replace(/(?:ations?|ing|ied|ies|ed|es|er|s|e|y)$/, '')))];
}
