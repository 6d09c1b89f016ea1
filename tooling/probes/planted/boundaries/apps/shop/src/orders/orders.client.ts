// Planted: services-meet-only-on-the-wire
import { hello } from '../../../post/src/app.module.js';

export const said = hello;
