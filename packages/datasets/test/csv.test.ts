import { ArgumentError } from '@sntk/errors';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { formatCsv, parseCsv } from '../src/index.ts';

describe('parseCsv', () => {
  test('reads numbers in every usual spelling', () => {
    const { header, values } = parseCsv('1, -2.5,+3e2\r\n.5,1.,1E-3\r\n');
    expect(header).toBeUndefined();
    expect(values.shape).toEqual([2, 3]);
    expect([...values.data]).toEqual([1, -2.5, 300, 0.5, 1, 0.001]);
  });

  test('takes a first line without numbers as the header, quoted or not', () => {
    const { header, values } = parseCsv('\uFEFF# made by hand\n"a, ""b""", c\n\n1,"2"\n');
    expect(header).toEqual(['a, "b"', 'c']);
    expect([...values.data]).toEqual([1, 2]);
  });

  test('names the line of a ragged row', () => {
    expect(() => parseCsv('x,y\n1,2\n\n3,4,5\n')).toThrow(
      'parseCsv: text must be a table with 2 cells on line 4, as on the lines before, got "3"',
    );
  });

  test.each(['nan', 'inf', '', '0x10', '1 2', '1e999', '1.2.3'])(
    'names the place of the cell "%s"',
    (cell) => {
      expect(() => parseCsv(`1,2\n3,${cell}\n`)).toThrow('a finite number on line 2, column 2');
    },
  );

  test('refuses a header that is half numbers, an empty text and open quotes', () => {
    expect(() => parseCsv('x,1\n1,2\n')).toThrow('a finite number on line 1, column 1');
    expect(() => parseCsv('x,y\na,b\n1,2\n')).toThrow('a finite number on line 2, column 1');
    expect(() => parseCsv('\n# nothing\n')).toThrow('at least one line');
    expect(() => parseCsv('"x,y\n1,2\n')).toThrow('quotes that close, on line 1');
  });

  test('a header alone is a table without rows', () => {
    expect(parseCsv('x,y\n').values.shape).toEqual([0, 2]);
  });
});

describe('formatCsv', () => {
  test('reads back as the same doubles', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(finite, finite), { minLength: 1, maxLength: 20 }), (rows) => {
        const data = Float64Array.from(rows.flat());
        const text = formatCsv(ndarray(data, [rows.length, 2]), { header: ['a', 'b "c", d'] });
        const back = parseCsv(text);
        expect(back.header).toEqual(['a', 'b "c", d']);
        expect(back.values.data).toEqual(data);
      }),
    );
  });

  test('writes a transposed view as it reads', () => {
    const array = ndarray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    expect(formatCsv(array.transpose(1, 0))).toBe('1,4\n2,5\n3,6\n');
  });

  test('refuses what would not read back', () => {
    const array = ndarray(Float64Array.of(1, Number.NaN), [1, 2]);
    expect(() => formatCsv(array)).toThrow('NaN in row 0, column 1');
    expect(() => formatCsv(ndarray(Float64Array.of(1)))).toThrow(ArgumentError);
    expect(() => formatCsv(ndarray(Float64Array.of(1, 2), [1, 2]), { header: ['x'] })).toThrow(
      '2 names, one a column',
    );
  });
});
