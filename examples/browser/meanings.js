// Plain words for the members of a token's header and for the claims that CI systems set.

/** @type {Record<string, string>} */
const HEADER = {
  alg: 'how it was signed (RFC 7518)',
  kid: 'which of the issuer’s keys signed it',
  typ: 'what kind of token it is',
};

/** @type {Record<string, string>} */
const CLAIMS = {
  iss: 'who made the token; compared with the credential, character by character',
  sub: 'for what it was made; compared with the credential, character by character',
  aud: 'for whom it was made; compared with the credential, character by character',
  exp: 'when it ends',
  nbf: 'when it begins to count',
  iat: 'when it was made',
  jti: 'its own id',
  actor: 'who started the run',
  azp: 'the party that it was issued to',
  build_branch: 'the branch that is built',
  environment: 'the deployment environment of the job',
  event_name: 'what started the run',
  groups_direct: 'groups that the person is a member of',
  job_workflow_ref: 'the reusable workflow that the job comes from',
  namespace_path: 'the group',
  oid: 'the object that signed in',
  operation: 'what the deployment does',
  org: 'the organization',
  organization_id: 'the organization',
  pipeline_id: 'the pipeline',
  pipeline_source: 'what started the pipeline',
  project: 'the project',
  project_id: 'the project',
  project_path: 'the group and project',
  ref: 'the branch or tag',
  ref_protected: 'whether the branch or tag is protected',
  ref_type: '`branch` or `tag`',
  repository: 'the repository with its owner',
  repository_id: 'the number of the repository, which a rename leaves alone',
  repository_owner: 'the owner of the repository',
  repository_owner_id: 'the number of the owner, which a rename leaves alone',
  repository_visibility: 'who may see the repository',
  run_id: 'this run',
  runner_environment: 'where the job runs',
  sha: 'the commit',
  stack: 'the stack',
  step_key: 'the step of the pipeline',
  tid: 'the Entra tenant',
  user_email: 'the person who started the job',
  user_login: 'the person who started the job',
  workflow: 'the name of the workflow',
  workflow_ref: 'the file of the workflow, and its branch',
};

/** @param {string} name */
export function ofHeader(name) {
  return HEADER[name] ?? '';
}

/** @param {string} name */
export function ofClaim(name) {
  return CLAIMS[name] ?? '';
}
