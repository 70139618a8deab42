import type { Place } from '../discovery/Place';

/** The settings of a connection that apply to each server found: its weight, TLS and login. */
export type ServerSettings = Omit<Place, 'host' | 'port' | 'path'>;
