//! A step that does what the engine should not let it do. Only tests run it.

use std::net::TcpStream;
use std::time::Duration;
use std::{env, fs, hint, thread};

use azure_oidc_ci_steps::get;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["compute"] => loop {
            hint::black_box(0);
        },
        ["wait"] => thread::sleep(Duration::from_secs(3600)),
        ["allocate", mib] => {
            let bytes = vec![1_u8; mib.parse::<usize>().expect("a number") << 20];
            println!("allocated {}", hint::black_box(bytes).len());
        }
        ["call", url] => println!("{:?}", get(url, None).map(|body| body.len())),
        ["read", path] => println!("{:?} {:?}", fs::read(path).is_ok(), fs::read_dir("/").is_ok()),
        ["connect", address] => println!("{:?}", TcpStream::connect(address).is_ok()),
        ["variables"] => env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["tell", name] => tell(&env::var(name).expect("it is set")),
        ["print", mib] => {
            for _ in 0..mib.parse::<usize>().expect("a number") << 10 {
                print!("{}", "x".repeat(1024));
            }
        }
        ["say", text] => println!("{text}"),
        _ => panic!("unknown arguments"),
    }
}

/// Prints a secret in many ways.
fn tell(secret: &str) {
    println!("plain: {secret}.");
    eprintln!("on standard error: {secret}.");
    println!("in base64: {}.", BASE64_STANDARD.encode(secret));
    println!("in base64 of more: {}.", BASE64_STANDARD.encode(format!("Bearer {secret}!")));
    println!("in lines:");
    secret.as_bytes().chunks(60).for_each(|line| println!("  {}", String::from_utf8_lossy(line)));
    println!("told");
}
