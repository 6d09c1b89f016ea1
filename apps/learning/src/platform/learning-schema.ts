/** The Postgres schema of this service. */
export const learningSchema = 'learning';
