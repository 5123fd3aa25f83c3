//! Verifies an RS256 signature repeatedly with `jsonwebtoken`. Uses the protocol of `xtask/claims`.

use std::error::Error;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: azure-oidc-claims-peers FOLDER")?;
    let folder = Path::new(&folder);
    let jws = fs::read_to_string(folder.join("jws"))?;
    let jwks: Value = serde_json::from_str(&fs::read_to_string(folder.join("jwks"))?)?;
    let jwk: Jwk = serde_json::from_value(jwks["keys"][0].clone())?;
    // Only the signature is checked, because the claims have expired. The key is parsed once, which
    // makes this program faster.
    let key = DecodingKey::from_jwk(&jwk)?;
    let once = || -> Result<bool, Box<dyn Error>> {
        let (message, signature) = jws.rsplit_once('.').ok_or("a JWS has dots")?;
        let header = jsonwebtoken::decode_header(&jws)?;
        Ok(header.alg == Algorithm::RS256 && crypto::verify(signature, message.as_bytes(), &key, header.alg)?)
    };
    if !once()? {
        return Err("the signature is not good".into());
    }
    for line in std::io::stdin().lock().lines() {
        let count: u32 = line?.trim().parse()?;
        let start = Instant::now();
        for _ in 0..count {
            once()?;
        }
        println!("{}", start.elapsed().as_nanos());
    }
    Ok(())
}
