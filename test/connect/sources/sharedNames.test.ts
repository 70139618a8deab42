import { findSharedNames } from '../../../src/connect/sources/sharedNames';
import { useDns } from '../../support/useDns';

const dns = useDns();
const never = new AbortController().signal;

beforeEach(() => {
    dns.set('A', 'shared', '10.0.0.1', '10.0.0.2');
    dns.set('A', 'one', '10.0.0.1');
    dns.set('AAAA', 'one', '2001:db8::1');
    dns.set('AAAA', 'six', '2001:db8::1', '2001:db8::2');
});

it('finds the names with several addresses of one family', async () => {
    expect(await findSharedNames(['one', 'shared', 'absent', 'six', 'shared'], never)).toEqual(['shared', 'six']);
});

it('asks for each name once, and not for addresses', async () => {
    await findSharedNames(['shared', '10.0.0.1', '2001:db8::1', 'shared'], never);
    expect(dns.count('A')).toBe(1);
});

it('finds nothing when its signal aborts', async () => {
    const controller = new AbortController();
    const finding = findSharedNames(['shared', 'six'], controller.signal);
    await dns.asked('A', 1);
    controller.abort();
    expect(await finding).toEqual([]);
    expect(dns.questions.filter(({ name }) => name === 'six')).toEqual([]);
});
