/// CSV for people who open it in a spreadsheet: byte order mark, CRLF, ids as text so that sixteen
/// digits stay sixteen digits, and nothing that the spreadsheet would run.
export interface CsvColumn<Row> {
  title: string;
  value: (row: Row) => string | number | undefined;
  isId?: boolean;
}

export function toCsv<Row>(columns: CsvColumn<Row>[], rows: Row[]): string {
  const lines = [columns.map((c) => cell(c.title, false)).join(',')];
  for (const row of rows) lines.push(columns.map((c) => cell(c.value(row), c.isId ?? false)).join(','));
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

function cell(value: string | number | undefined, isId: boolean): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  if (isId && /^[0-9][0-9.eE+-]*$/.test(value)) return `"=""${value}"""`;
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replace(/"/g, '""')}"` : harmless;
}

export function saveFile(name: string, content: string | Blob, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
