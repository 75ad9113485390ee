//! The two gRPC services.

use crate::access::Rights;
use crate::clients::Ending;
use crate::counts::add;
use crate::event::Event;
use crate::frame::{Frame, Raw};
use crate::plane::Plane;
use crate::stream;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use prost::Message;
use sergo::subscribe::{contract, wire};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, StreamingService, UnaryService};
use tonic::{Status, Streaming};

/// `OpenSergoUniversalTransportService`.
#[derive(Clone)]
pub(crate) struct Transport(pub(crate) Arc<Plane>);

impl NamedService for Transport {
    const NAME: &'static str = "io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService";
}

/// `MetadataService`.
#[derive(Clone)]
pub(crate) struct Metadata(pub(crate) Arc<Plane>);

impl NamedService for Metadata {
    const NAME: &'static str = "opensergo.proto.service_contract.v1.MetadataService";
}

impl tower_service::Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            Ok(match request.uri().path() {
                wire::METHOD => {
                    let most = this.0.limits.message;
                    Grpc::new(Raw).max_decoding_message_size(most).streaming(this, request).await
                }
                _ => Status::unimplemented("the only method is SubscribeConfig").into_http(),
            })
        })
    }
}

impl tower_service::Service<Request<Body>> for Metadata {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            Ok(match request.uri().path() {
                contract::METHOD => {
                    let most = this.0.limits.message;
                    Grpc::new(Raw).max_decoding_message_size(most).unary(this, request).await
                }
                _ => Status::unimplemented("the only method is ReportMetadata").into_http(),
            })
        })
    }
}

type Frames = Pin<Box<dyn Stream<Item = Result<Frame, Status>> + Send>>;

impl StreamingService<Bytes> for Transport {
    type Response = Frame;
    type ResponseStream = Frames;
    type Future = BoxFuture<'static, Result<tonic::Response<Frames>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        let plane = self.0.clone();
        Box::pin(async move {
            let address = address(&request);
            let opened = admit(&plane, &request).and_then(|rights| {
                let is_certified = request.peer_certs().is_some();
                let most = plane.limits.streams;
                let client = plane.clients.open(address.clone(), rights, is_certified, most);
                client.ok_or_else(|| Status::resource_exhausted(format!("{most} streams are open already")))
            });
            let client = opened.inspect_err(|status| turned_away(&plane, address, status))?;
            add(&plane.counts.streams, 1);
            // What changed since it was admitted has not been told to it.
            if *plane.stopping.borrow() {
                client.end(Ending::From(Status::unavailable("the control plane is stopping")));
            } else if !plane.access.borrow().holds(client.rights.as_ref()) {
                client.end(Ending::From(Status::unauthenticated("the rights of this token have changed")));
            }
            let frames: Frames = Box::pin(stream::open(plane, client, request.into_inner()));
            Ok(tonic::Response::new(frames))
        })
    }
}

impl UnaryService<Bytes> for Metadata {
    type Response = Frame;
    type Future = BoxFuture<'static, Result<tonic::Response<Frame>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let plane = self.0.clone();
        Box::pin(async move {
            let address = address(&request);
            admit(&plane, &request).inspect_err(|status| turned_away(&plane, address.clone(), status))?;
            let report = contract::ReportMetadataRequest::decode(request.into_inner());
            let report = report.map_err(|error| {
                Status::invalid_argument(format!("found bytes that are no ReportMetadataRequest ({error})"))
            })?;
            let contracts = report.service_metadata.iter().filter_map(|metadata| metadata.service_contract.as_ref());
            let services = contracts.map(|contract| contract.services.len()).sum();
            let app = report.app_name.clone();
            plane.services.take(report, &address, plane.limits.reports);
            add(&plane.counts.reports, 1);
            plane.log(&Event::Reported { app, address, services });
            Ok(tonic::Response::new(Frame::default()))
        })
    }
}

/// # Errors
/// The status that turns a stranger away.
fn admit<T>(plane: &Plane, request: &tonic::Request<T>) -> Result<Option<Rights>, Status> {
    if *plane.stopping.borrow() {
        return Err(Status::unavailable("the control plane is stopping"));
    }
    let authorization = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
    plane.access.borrow().admit(authorization).map_err(|status| *status)
}

fn turned_away(plane: &Plane, address: String, status: &Status) {
    add(&plane.counts.turned_away, 1);
    plane.log(&Event::TurnedAway { address, message: status.message().to_owned() });
}

fn address<T>(request: &tonic::Request<T>) -> String {
    request.remote_addr().map_or_else(|| "an unknown address".to_owned(), |address| address.to_string())
}
