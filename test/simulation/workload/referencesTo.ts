import { Descriptor, References } from 'pip-services4-components-node';
import type { Discovery } from './Discovery';
import type { Meter } from './Meter';

const METER = new Descriptor('simulation', 'counters', 'meter', 'default', '1.0');
const DISCOVERY = new Descriptor('simulation', 'discovery', 'lists', 'default', '1.0');

/** A component finds its counters here, and where it looks its servers up. */
export function referencesTo(meter: Meter, discovery: Discovery | null): References {
    const found = References.fromTuples(METER, meter);
    if (discovery !== null) found.put(DISCOVERY, discovery);
    return found;
}
