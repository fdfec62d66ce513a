// The table as Markdown: goals first, then every time, then where a peer is faster.

const ms = (value) => (value >= 1000 ? `${(value / 1000).toPrecision(3)} s` : `${value.toPrecision(3)} ms`);
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Runs that warmed up and runs that count; the latter alone where a row does not tell. */
const runs = ({ warmUps, rounds }) => (warmUps === undefined ? rounds : `${warmUps} + ${rounds}`);

/** Names what was run together: a point of a curve may be called what a setting with a goal is. */
export const groupOf = ({ job, setting, threads }) =>
  [job, setting.curve ?? '', setting.name, threads].join(' | ');

function groups(rows) {
  const found = new Map();
  for (const row of rows) {
    const key = groupOf(row);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(row);
  }
  return [...found.values()];
}

const least = (rows) =>
  rows.filter(({ failure }) => !failure).reduce((a, b) => (a && a.warmMs <= b.warmMs ? a : b), undefined);

/** One line for each goal: which of ours, against which peer, the ratio, and whether it is met. */
function goalRows(rows) {
  return groups(rows).flatMap((group) => {
    const { setting, threads, title } = group[0];
    const ours = group.filter(({ side }) => side === 'ours');
    const against = ({ side, contestant }) =>
      side === 'peer' && contestant === (setting.against ?? contestant);
    const peer = least(group.filter(against));
    const goals = Object.entries(setting.goals ?? {});
    const lines = goals.map(([variant, atMost]) => {
      const own = variant === 'best' ? least(ours) : least(ours.filter((row) => row.contestant === variant));
      return { title, setting, threads, own, peer, atMost, ratio: own && peer && own.warmMs / peer.warmMs };
    });
    if (!setting.seconds) return lines;
    const own = least(ours);
    return [
      ...lines,
      {
        title,
        setting,
        threads,
        own,
        atMost: `${setting.seconds} s`,
        ratio: own && own.warmMs / 1000 / setting.seconds,
      },
    ];
  });
}

function goalTable(rows) {
  const head = ['job', 'threads', 'ours', 'peer', 'ratio', 'goal', ''];
  return table(
    head,
    goalRows(rows).map(({ title, setting, threads, own, peer, atMost, ratio }) => {
      const met = typeof atMost === 'string' ? ratio <= 1 : ratio <= atMost;
      return [
        `${title}: ${setting.name}`,
        threads,
        own ? `${own.contestant} ${ms(own.warmMs)}` : 'failed',
        peer ? `${peer.contestant} ${ms(peer.warmMs)}` : '–',
        peer && own ? ratio.toFixed(2) : '–',
        typeof atMost === 'string' ? atMost : `≤ ${atMost}`,
        met ? 'met' : '**missed**',
      ];
    }),
  );
}

function fullTable(rows) {
  const head = ['', 'threads', 'contestant', 'warm', 'first run', 'ratio to the best peer', 'peak memory'];
  return table(
    head,
    groups(rows).flatMap((group) => {
      const peer = least(group.filter(({ side }) => side === 'peer'));
      return group.map((row) => [
        row.setting.name,
        row.threads,
        row.contestant,
        ...(row.failure
          ? ['failed', row.failure.split('\n')[0].slice(0, 90), '', '']
          : [
              `${ms(row.warmMs)} (${runs(row)})`,
              ms(row.coldMs),
              peer ? (row.warmMs / peer.warmMs).toFixed(2) : '–',
              row.peakBytes ? megabytes(row.peakBytes) : '–',
            ]),
      ]);
    }),
  );
}

function fasterPeers(rows) {
  const found = groups(rows).flatMap((group) => {
    const own = least(group.filter(({ side }) => side === 'ours'));
    const peer = least(group.filter(({ side }) => side === 'peer'));
    if (!own || !peer || own.warmMs <= peer.warmMs) return [];
    const { title, setting, threads } = group[0];
    const times = (own.warmMs / peer.warmMs).toFixed(2);
    return [
      `- ${title}, ${setting.curve ? `against ${setting.curve}: ` : ''}${setting.name}, ${threads} thread${threads > 1 ? 's' : ''}: ${peer.contestant} by ${times} times.`,
    ];
  });
  return found.length > 0 ? found.join('\n') : 'Nowhere in this run.';
}

export function markdownReport({ machine, pinned, rows }, figures) {
  const dates = [...new Set(rows.map(({ date }) => date))].sort().join(', ');
  const jobs = [...new Set(rows.map(({ job }) => job))];
  const peers = Object.entries(machine.peers).map(([name, version]) => `${name} ${version}`);
  const sections = jobs.flatMap((job) => {
    const own = rows.filter((row) => row.job === job);
    // Points of a curve have a table of their own: they get less time than a setting of the same name.
    const curveOf = ({ setting }) => setting.curve ?? '';
    const curves = [...new Set(own.map(curveOf))].sort();
    return [
      `### ${own[0].title}`,
      ...curves.flatMap((curve) => {
        const table = fullTable(own.filter((row) => curveOf(row) === curve));
        const drawn = figures.filter((figure) => figure.job === job && figure.curve === curve);
        const shown = drawn.map(({ file, title }) => `![${title}, against ${curve}](/benchmarks/${file})`);
        return curve ? [`#### Against ${curve}`, table, ...shown] : [table];
      }),
    ];
  });
  return `${[
    `Measured on ${dates}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, Python ${machine.python}, ${peers.join(', ')}.`,
    `Times are medians, contestants in turn. In brackets: runs that warmed up after the first one + runs that count; where none counts the first has to do. One thread ${pinned ? 'is one core' : 'is by the libraries’ settings'}. Results were compared before a time counted. Peak memory is that of the whole process, with its runtime and libraries.`,
    '### Goals',
    goalTable(rows),
    '### Where a peer is faster',
    fasterPeers(rows),
    ...sections,
  ].join('\n\n')}\n`;
}
