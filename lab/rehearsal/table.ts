import { median, type RunReport } from './report.ts';

/** Ebbtide and its control side by side, cloud by cloud, as lines of text. */
export function comparison(runs: readonly RunReport[]): string[] {
  const columns = runs.map((run) => [run.mode === 'ebbtide' ? 'with Ebbtide' : 'without', ...cells(run)]);
  const titles = ['', ...ROWS.map(({ title }) => title)];
  if (new Set(runs.map(({ cloud }) => cloud)).size > 1) {
    titles.unshift('');
    for (const [index, run] of runs.entries()) columns[index]?.unshift(run.cloud);
  }
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  const titleWidth = Math.max(...titles.map((title) => title.length));
  const lines = titles.map((title, row) => {
    const padded = columns.map((column, index) => (column[row] ?? '').padStart(widths[index] ?? 0));
    return `  ${title.padEnd(titleWidth)}   ${padded.join('   ')}`;
  });
  const rule = `  ${'─'.repeat(titleWidth + widths.reduce((sum, width) => sum + width + 3, 0))}`;
  const heads = titles.length - ROWS.length;
  return [...lines.slice(0, heads), rule, ...lines.slice(heads)];
}

const ROWS: readonly { title: string; cell: (run: RunReport) => string }[] = [
  { title: 'calls cut (people)', cell: ({ callsCut }) => String(callsCut) },
  { title: 'calls lost to a crash', cell: ({ callsLost }) => String(callsLost) },
  { title: 'people in calls', cell: ({ participants }) => String(participants) },
  { title: 'rooms', cell: ({ rooms }) => String(rooms) },
  { title: 'machines asked back', cell: ({ scaleIns }) => String(scaleIns.asked) },
  { title: 'machines gone', cell: ({ scaleIns }) => String(scaleIns.done) },
  { title: 'drains', cell: (run) => (run.mode === 'ebbtide' ? String(run.drainMs.length) : '–') },
  { title: 'decision to signal, median', cell: ({ signalMs }) => seconds(median(signalMs)) },
  { title: 'decision to signal, worst', cell: ({ signalMs }) => seconds(worst(signalMs)) },
  { title: 'longest drain', cell: ({ drainMs }) => seconds(worst(drainMs)) },
  { title: 'empty to gone, worst', cell: ({ releaseMs }) => seconds(worst(releaseMs)) },
  { title: 'node-hours (cloud time)', cell: ({ nodeSeconds }) => (nodeSeconds / 3600).toFixed(2) },
  { title: 'machines leaked', cell: ({ leaked }) => String(leaked) },
  { title: 'calls to the cloud refused', cell: ({ refusedCalls }) => String(refusedCalls) },
];

function cells(run: RunReport): string[] {
  return ROWS.map(({ cell }) => cell(run));
}

function worst(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1000).toFixed(2)} s`;
}
