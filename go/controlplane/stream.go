package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	method = "/io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService/SubscribeConfig"
	// maxMessage is the most bytes of a message: a little more than the session
	// takes, so that it is the one to refuse.
	maxMessage = 33 << 20
	// maxUnsent is how many messages wait to be sent. A session that has more to
	// say has nobody who listens.
	maxUnsent = 4096
)

// A stream is one call, on a connection of its own.
type stream struct {
	cancel context.CancelFunc
	unsent chan []byte
}

// send sends a message, some time.
func (s *stream) send(message []byte) {
	select {
	case s.unsent <- message:
	default:
		s.cancel()
	}
}

// dial opens a stream, and tells the session what becomes of it.
func (s *Subscription) dial(number uint64, address string) *stream {
	ctx, cancel := context.WithCancel(s.ctx)
	dialled := &stream{cancel: cancel, unsent: make(chan []byte, maxUnsent)}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		defer cancel()
		reason := s.converse(ctx, number, address, dialled)
		_ = s.session.Closed(number, reason)
		s.wake()
	}()
	return dialled
}

// converse is a stream's whole life; it answers why that is over.
func (s *Subscription) converse(ctx context.Context, number uint64, address string, own *stream) string {
	added, err := s.config.metadata(ctx)
	if err != nil {
		return fmt.Sprintf("no token: %v", err)
	}
	conn, err := grpc.NewClient(address, s.config.dialOptions()...)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(added))
	call, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method,
		grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(maxMessage))
	if err != nil {
		return reasonOf(err)
	}
	_ = s.session.Connected(number)
	s.wake()

	s.work.Add(1)
	go func() {
		defer s.work.Done()
		for {
			select {
			case message := <-own.unsent:
				if call.SendMsg(message) != nil {
					return // RecvMsg says why
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		var message []byte
		if err := call.RecvMsg(&message); err != nil {
			return reasonOf(err)
		}
		_ = s.session.Received(number, message)
		s.wake()
	}
}

func (c *config) dialOptions() []grpc.DialOption {
	transport := insecure.NewCredentials()
	if c.tls != nil {
		transport = credentials.NewTLS(c.tls)
	}
	return []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithKeepaliveParams(c.pings),
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("sergo-go"),
	}
}

// reasonOf says why a stream is over.
func reasonOf(err error) string {
	if errors.Is(err, io.EOF) {
		return "the control plane ended the stream"
	}
	told := status.Convert(err)
	return fmt.Sprintf("%s: %s", told.Code(), told.Message())
}

// raw is a codec that leaves messages as they are.
type raw struct{}

// Name is what the messages are: the session speaks protobuf.
func (raw) Name() string { return "proto" }

// Marshal is the message.
func (raw) Marshal(message any) ([]byte, error) { return message.([]byte), nil }

// Unmarshal copies the message, since gRPC takes its buffer back.
func (raw) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}
