// Explains the members of a token's header and the claims that CI systems set.

/** @type {Record<string, string>} */
const HEADER = {
  alg: 'signature algorithm (RFC 7518)',
  kid: 'id of the issuer’s key that signed the token',
  typ: 'type of the token',
};

/** @type {Record<string, string>} */
const CLAIMS = {
  iss: 'the issuer; compared with the credential, character by character',
  sub: 'the subject; compared with the credential, character by character',
  aud: 'the audience; compared with the credential, character by character',
  exp: 'when it expires',
  nbf: 'when it becomes valid',
  iat: 'when it was issued',
  jti: 'the id of the token',
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
  repository_id: 'the number of the repository; a rename does not change it',
  repository_owner: 'the owner of the repository',
  repository_owner_id: 'the number of the owner; a rename does not change it',
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
