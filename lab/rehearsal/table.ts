import { nameOf } from './picture.ts';
import { median, type RunReport } from './report.ts';

interface Column {
  head: string;
  /** One for each title. */
  cells: readonly string[];
}

interface Row {
  title: string;
  cell: (run: RunReport) => string;
  /** Where clouds stand side by side, the control has a line of its own. */
  ofBoth?: boolean;
}

const ROWS: readonly Row[] = [
  { title: 'calls cut (people)', cell: ({ callsCut }) => String(callsCut), ofBoth: true },
  { title: 'calls lost to a crash', cell: ({ callsLost }) => String(callsLost) },
  { title: 'people in calls', cell: ({ participants }) => String(participants) },
  { title: 'rooms', cell: ({ rooms }) => String(rooms) },
  { title: 'machines asked back', cell: ({ scaleIns }) => String(scaleIns.asked) },
  { title: 'machines gone', cell: ({ scaleIns }) => String(scaleIns.done) },
  { title: 'decision to signal, median', cell: ({ signalMs }) => seconds(median(signalMs)) },
  { title: 'decision to signal, worst', cell: ({ signalMs }) => seconds(worst(signalMs)) },
  {
    title: 'longest drain',
    cell: ({ mode, drainMs }) => seconds(mode === 'ebbtide' ? worst(drainMs) : undefined),
  },
  { title: 'empty to gone, median', cell: ({ releaseMs }) => seconds(median(releaseMs)) },
  { title: 'empty to gone, worst', cell: ({ releaseMs }) => seconds(worst(releaseMs)) },
  { title: 'node-hours (cloud time)', cell: ({ nodeSeconds }) => hours(nodeSeconds), ofBoth: true },
  { title: 'node-hours saved *', cell: ({ nodeSecondsSaved }) => hours(nodeSecondsSaved), ofBoth: true },
  { title: 'machines leaked', cell: ({ leaked }) => String(leaked) },
  { title: 'calls to the cloud refused', cell: ({ refusedCalls }) => String(refusedCalls) },
];

const NOTE = '  * what the machines that left would have cost until the end of the day';

/** Ebbtide and its control side by side; or, of several clouds, the clouds. As lines of text. */
export function comparison(runs: readonly RunReport[]): string[] {
  const clouds = [...new Set(runs.map(({ cloud }) => cloud))];
  if (clouds.length <= 1) {
    const cellsOf = (run: RunReport) => ROWS.map(({ cell }) => cell(run));
    const columns = runs.map((run) => ({ head: nameOf(run.mode), cells: cellsOf(run) }));
    return [...table(clouds.join(), titlesOf(ROWS), columns), NOTE];
  }
  const rows = ROWS.flatMap((row) => {
    const ofEbbtide = { title: row.title, mode: 'ebbtide', cell: row.cell };
    return row.ofBoth
      ? [ofEbbtide, { title: '  without Ebbtide', mode: 'control', cell: row.cell }]
      : [ofEbbtide];
  });
  const columns = clouds.map((cloud) => ({
    head: cloud,
    cells: rows.map(({ mode, cell }) => {
      const run = runs.find((each) => each.cloud === cloud && each.mode === mode);
      return run === undefined ? '–' : cell(run);
    }),
  }));
  return [...table('', titlesOf(rows), columns), NOTE];
}

function titlesOf(rows: readonly { title: string }[]): string[] {
  return rows.map(({ title }) => title);
}

function table(corner: string, titles: readonly string[], columns: readonly Column[]): string[] {
  const widths = columns.map(({ head, cells }) => Math.max(...[head, ...cells].map((text) => text.length)));
  const titleWidth = Math.max(...titles.map((title) => title.length));
  const line = (title: string, texts: readonly string[]) => {
    const padded = texts.map((text, index) => text.padStart(widths[index] ?? 0));
    return `  ${[title.padEnd(titleWidth), ...padded].join('   ')}`;
  };
  return [
    line(
      corner,
      columns.map(({ head }) => head),
    ),
    `  ${'─'.repeat(widths.reduce((sum, width) => sum + width + 3, titleWidth))}`,
    ...titles.map((title, row) =>
      line(
        title,
        columns.map(({ cells }) => cells[row] ?? ''),
      ),
    ),
  ];
}

function worst(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1000).toFixed(2)} s`;
}

function hours(cloudSeconds: number): string {
  return (cloudSeconds / 3600).toFixed(2);
}
