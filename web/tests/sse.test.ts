import { describe, expect, it } from 'vitest';
import { SseParser } from '@/lib/sse';

describe('SseParser', () => {
  it('gives event, id and data of a message', () => {
    expect(new SseParser().push('event: change\nid: 1.4-2.9\ndata: {"a":1}\n\n')).toEqual([{ event: 'change', id: '1.4-2.9', data: '{"a":1}' }]);
  });

  it('does not care where the network cuts', () => {
    const text = 'retry: 1000\r\n\r\n: ping\n\nevent: change\r\nid: 7\r\ndata: {"n":"张*"}\r\n\r\ndata: x\n\n';
    const whole = new SseParser().push(text);
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = new SseParser();
      expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]).toEqual(whole);
    }
    const byOne = new SseParser();
    expect([...text].flatMap((letter) => byOne.push(letter))).toEqual(whole);
    expect(whole.map((m) => m.event)).toEqual(['change', 'message']);
  });

  it('joins lines of data, keeps the id until another comes, and says nothing for comments', () => {
    const parser = new SseParser();
    expect(parser.push('id: 5\ndata: a\ndata:  b\n\n: comment\n\ndata: c\n\n')).toEqual([
      { event: 'message', id: '5', data: 'a\n b' },
      { event: 'message', id: '5', data: 'c' },
    ]);
  });

  it('waits for the empty line', () => {
    const parser = new SseParser();
    expect(parser.push('event: change\ndata: 1\n')).toEqual([]);
    expect(parser.push('\n')).toHaveLength(1);
  });
});
