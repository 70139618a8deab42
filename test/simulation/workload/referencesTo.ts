import { Descriptor, References } from 'pip-services4-components-node';
import type { Discovery } from './Discovery';
import type { Meter } from './Meter';

const METER = new Descriptor('simulation', 'counters', 'meter', 'default', '1.0');
const DISCOVERY = new Descriptor('simulation', 'discovery', 'lists', 'default', '1.0');

/** Returns the references through which a component finds its counters and its discovery. */
export function referencesTo(meter: Meter, discovery: Discovery | null): References {
    const found = References.fromTuples(METER, meter);
    if (discovery !== null) found.put(DISCOVERY, discovery);
    return found;
}
